import { System, type SystemFacts } from "@sockerless/engine"
import { json } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge } from "../api-route.ts"

const goMachine = (architecture: string) =>
  architecture === "x64" ? "x86_64" : architecture === "arm64" ? "aarch64" : architecture

const runtimesOf = (facts: SystemFacts) =>
  Object.fromEntries([...facts.backends].map(([name, backend]) => [name, { path: backend.runtimePath }]))

const warningsOf = (facts: SystemFacts) => {
  const warnings = [...facts.warnings, ...[...facts.backends.values()].flatMap((backend) => backend.warnings)]
  return warnings.length === 0 ? null : warnings
}

const limits = {
  MemoryLimit: true,
  SwapLimit: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: true,
  CPUSet: true,
  PidsLimit: true,
  IPv4Forwarding: true,
  OomKillDisable: true
}

const registryConfig = {
  InsecureRegistryCIDRs: ["127.0.0.0/8", "::1/128"],
  IndexConfigs: { "docker.io": { Name: "docker.io", Mirrors: [], Secure: true, Official: true } },
  Mirrors: []
}

const infoJson = (facts: SystemFacts, daemonVersion: string, minor: number) => {
  const backend = facts.backends.get(facts.defaultBackend)
  const commit = { ID: backend?.runtimeVersion ?? "" }
  return {
    ID: facts.instanceId,
    Containers: facts.containers.total,
    ContainersRunning: facts.containers.running,
    ContainersPaused: facts.containers.paused,
    ContainersStopped: facts.containers.stopped,
    Images: facts.images,
    Driver: backend?.storageDriver ?? "",
    DriverStatus: backend?.storageStatus ?? [],
    Plugins: {
      Volume: ["local"],
      Network: ["bridge", "host", "null"],
      Authorization: null,
      Log: ["json-file", "local", "none"]
    },
    ...limits,
    Debug: false,
    NFd: 0,
    NGoroutines: 0,
    SystemTime: facts.now,
    LoggingDriver: "json-file",
    CgroupDriver: backend?.cgroupDriver ?? "",
    CgroupVersion: backend?.cgroupVersion ?? "",
    NEventsListener: 0,
    KernelVersion: facts.kernelVersion,
    OperatingSystem: facts.operatingSystem,
    OSVersion: "",
    OSType: "linux",
    Architecture: goMachine(process.arch),
    IndexServerAddress: "https://index.docker.io/v1/",
    RegistryConfig: registryConfig,
    NCPU: facts.cpus,
    MemTotal: facts.memoryBytes,
    GenericResources: null,
    DockerRootDir: facts.dataRoot,
    HttpProxy: "",
    HttpsProxy: "",
    NoProxy: "",
    Name: facts.name,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: daemonVersion,
    Runtimes: runtimesOf(facts),
    DefaultRuntime: facts.defaultBackend,
    Swarm: {
      NodeID: "",
      NodeAddr: "",
      LocalNodeState: "inactive",
      ControlAvailable: false,
      Error: "",
      RemoteManagers: null
    },
    LiveRestoreEnabled: true,
    Isolation: "",
    InitBinary: "docker-init",
    ContainerdCommit: { ID: "" },
    RuncCommit: commit,
    InitCommit: { ID: "" },
    SecurityOptions: backend?.securityOptions ?? [],
    ...(minor < 42 ? { KernelMemory: false, ClusterStore: "" } : {}),
    ...(minor < 49 ? { BridgeNfIptables: false, BridgeNfIp6tables: false } : {}),
    ...(minor >= 44 ? { CDISpecDirs: [] } : {}),
    Warnings: warningsOf(facts)
  }
}

/** `GET /info`. */
export const infoRoute = (bridge: ApiBridge, daemonVersion: string): void =>
  bridge.route(
    "GET",
    "/info",
    (call) =>
      System.use((system) => system.facts).pipe(
        Effect.map((facts) => json(infoJson(facts, daemonVersion, call.facts.minor)))
      ),
    "stop"
  )
