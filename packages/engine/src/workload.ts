export type {
  EndpointSpec,
  HealthcheckSpec,
  IsolationSpec,
  MountSpec,
  NetworkAttachment,
  PortBinding,
  ProcessSpec,
  ResourceLimits,
  RestartPolicy,
  TerminalSize,
  WorkloadSpec
} from "@sockerless/backend-contract"
