export { type Judged, judged } from "./judged.ts"
