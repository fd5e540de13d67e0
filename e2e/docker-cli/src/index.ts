export { type Judged, judged } from "./judged.ts"
export {
  byClient,
  type Client,
  client,
  clientMajor,
  fromDaemon,
  lacks,
  missing,
  noClient,
  runRefusal,
  startRefusal
} from "./client.ts"
