export { AgentSession, type AgentChannel, type AgentSessionOptions } from "./agent-session.ts"
export type { Receiver, Wire } from "./connection.ts"
export { InletReader, outletWriter } from "./byte-streams.ts"
export { type ChannelOptions, type DaemonChannel, DaemonSession } from "./daemon-session.ts"
export { PAYLOAD_LIMIT, ProtocolError } from "./frame.ts"
export { type Consumer, Inlet } from "./inlet.ts"
export { type Hello, type Json, type Open, SUBPROTOCOL, type Welcome } from "./messages.ts"
export { Outlet } from "./outlet.ts"
export {
  encodeInput,
  encodeOutput,
  inputCutter,
  type InputRecord,
  OUTPUT_HEAD,
  outputCutter,
  type OutputRecord,
  type OutputSource,
  RECORD_LIMIT
} from "./record.ts"
export { MemorySpool, type Spool } from "./spool.ts"
