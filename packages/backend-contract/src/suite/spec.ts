import { randomBytes } from "node:crypto"
import type { NetworkSpec, WorkloadSpec } from "../index.ts"

/** A new id of 64 hex digits. */
export const newId = (): string => randomBytes(32).toString("hex")

/** The parts of a spec that tests change most; `process` is merged into the defaults. */
export type SpecChange = Partial<Omit<WorkloadSpec, "process">> & {
  readonly process?: Partial<WorkloadSpec["process"]>
}

/** A container as `docker create --network none` makes it, with this command. */
export const plainSpec = (
  image: WorkloadSpec["image"],
  argv: ReadonlyArray<string>,
  change: SpecChange = {}
): WorkloadSpec => {
  const id = newId()
  const { process, ...rest } = change
  return {
    id,
    name: `contract-${id.slice(0, 12)}`,
    image,
    process: {
      argv,
      env: ["PATH=/bin:/usr/bin"],
      workingDir: "",
      user: "",
      groupAdd: [],
      tty: false,
      openStdin: false,
      stdinOnce: false,
      ...process
    },
    hostname: id.slice(0, 12),
    domainname: "",
    labels: {},
    stopSignal: "",
    restart: { name: "no", maximumRetryCount: 0 },
    autoRemove: false,
    isolation: {
      privileged: false,
      readOnlyRootfs: false,
      init: false,
      capAdd: [],
      capDrop: [],
      noNewPrivileges: false,
      seccomp: "default",
      sysctls: {},
      ulimits: [],
      devices: [],
      deviceCgroupRules: [],
      oomScoreAdj: 0,
      shmSizeBytes: 64 * 1024 * 1024,
      ipcMode: "private",
      pidMode: "",
      utsMode: "",
      cgroupnsMode: "host",
      cgroupParent: ""
    },
    resources: {},
    mounts: [],
    network: {
      mode: "none",
      endpoints: {},
      publishAll: false,
      exposedPorts: [],
      portBindings: [],
      dns: [],
      dnsSearch: [],
      dnsOptions: [],
      extraHosts: []
    },
    logging: { driver: "json-file", options: {} },
    runtime: "",
    ...rest
  }
}

/** A user-defined bridge as `docker network create` asks for it. */
export const plainNetwork = (): NetworkSpec => {
  const id = newId()
  return {
    id,
    name: `contract-${id.slice(0, 12)}`,
    driver: "bridge",
    internal: false,
    attachable: false,
    enableIPv6: false,
    labels: {},
    options: {},
    ipam: { driver: "default", options: {}, pools: [] },
    createdAt: new Date().toISOString()
  }
}

/** The network part of a spec that joins this network. */
export const joining = (
  network: NetworkSpec,
  change: Partial<WorkloadSpec["network"]> = {}
): WorkloadSpec["network"] => ({
  mode: network.name,
  endpoints: {
    [network.id]: { networkId: network.id, networkName: network.name, aliases: [], links: [], driverOptions: {} }
  },
  publishAll: false,
  exposedPorts: [],
  portBindings: [],
  dns: [],
  dnsSearch: [],
  dnsOptions: [],
  extraHosts: [],
  ...change
})
