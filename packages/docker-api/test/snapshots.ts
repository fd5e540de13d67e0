import type { ContainerSnapshot } from "@sockerless/engine"

const never = "0001-01-01T00:00:00Z"

/** A created container on the default bridge; tests change what they are about. */
export const snapshot = (change: Partial<ContainerSnapshot> = {}): ContainerSnapshot => ({
  spec: {
    id: "b".repeat(64),
    name: "plain",
    image: { id: `sha256:${"c".repeat(64)}`, reference: "bb", platform: "linux/amd64" },
    process: {
      argv: ["echo", "hi"],
      env: ["PATH=/bin"],
      workingDir: "/",
      user: "",
      groupAdd: [],
      tty: false,
      openStdin: false,
      stdinOnce: false
    },
    hostname: "b".repeat(12),
    domainname: "",
    labels: {},
    stopSignal: "SIGTERM",
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
      shmSizeBytes: 67_108_864,
      ipcMode: "private",
      pidMode: "",
      utsMode: "",
      cgroupnsMode: "host",
      cgroupParent: ""
    },
    resources: {},
    mounts: [],
    network: {
      mode: "bridge",
      endpoints: {
        net: { networkId: "net", networkName: "bridge", aliases: [], links: [], driverOptions: {} }
      },
      publishAll: false,
      exposedPorts: [],
      portBindings: [],
      dns: [],
      dnsSearch: [],
      dnsOptions: [],
      extraHosts: []
    },
    logging: { driver: "json-file", options: {} },
    runtime: "local"
  },
  echo: {
    config: { Image: "bb", Cmd: ["echo", "hi"], Entrypoint: null, Volumes: null },
    hostConfig: { NetworkMode: "bridge" },
    networkingConfig: {}
  },
  createdAt: "2026-01-01T00:00:00.5Z",
  state: {
    status: "created",
    pid: 0,
    exitCode: 0,
    oomKilled: false,
    error: "",
    startedAt: never,
    finishedAt: never
  },
  restartCount: 0,
  stoppedByUser: false,
  mounts: [],
  endpoints: {},
  ports: [],
  execIds: [],
  logPath: "",
  ...change
})
