export { AgentLink, type AgentLinkOptions } from "./agent-link.ts"
export { AgentAway, AgentLinkFailed, AgentRefused } from "./faults.ts"
export { tokenFor } from "./token.ts"
export { type ExitFacts, type ProcessRequest, RemoteProcess, Workload } from "./workload.ts"
