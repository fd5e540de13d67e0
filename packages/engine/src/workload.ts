export type {
  EndpointSpec,
  ResourceLimits,
  RestartPolicy,
  TerminalSize,
  WorkloadSpec
} from "@sockerless/backend-contract"
