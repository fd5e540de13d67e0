/** Capabilities a container has unless asked otherwise (Docker's default set). */
const defaults = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETFCAP",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_KILL",
  "CAP_AUDIT_WRITE"
]

/** capabilities(7) in kernel order: bit n of a capability mask is entry n. */
const kernelOrder = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "FSETID",
  "KILL",
  "SETGID",
  "SETUID",
  "SETPCAP",
  "LINUX_IMMUTABLE",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_ADMIN",
  "NET_RAW",
  "IPC_LOCK",
  "IPC_OWNER",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_CHROOT",
  "SYS_PTRACE",
  "SYS_PACCT",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_NICE",
  "SYS_RESOURCE",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "MKNOD",
  "LEASE",
  "AUDIT_WRITE",
  "AUDIT_CONTROL",
  "SETFCAP",
  "MAC_OVERRIDE",
  "MAC_ADMIN",
  "SYSLOG",
  "WAKE_ALARM",
  "BLOCK_SUSPEND",
  "AUDIT_READ",
  "PERFMON",
  "BPF",
  "CHECKPOINT_RESTORE"
].map((name) => `CAP_${name}`)

/** `net_admin`, `CAP_NET_ADMIN` and `ALL` as Docker reads them. */
export const normalizeCapability = (name: string): string => {
  const upper = name.toUpperCase()
  return upper === "ALL" || upper.startsWith("CAP_") ? upper : `CAP_${upper}`
}

/** Whether the kernel knows the capability (or it is ALL). */
export const isCapability = (name: string): boolean => name === "ALL" || kernelOrder.includes(name)

/** Capabilities in a mask as /proc prints it (`CapBnd: 000001fffeffffff`). */
export const capabilitiesInMask = (hex: string): ReadonlyArray<string> => {
  const mask = BigInt(`0x${hex}`)
  return kernelOrder.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) === 1n)
}

/** What the process may have: never more than `available`, the bounding set of this daemon. */
export const grantedCapabilities = (options: {
  readonly privileged: boolean
  readonly add: ReadonlyArray<string>
  readonly drop: ReadonlyArray<string>
  readonly available: ReadonlyArray<string>
}): ReadonlyArray<string> => {
  if (options.privileged) return options.available
  const add = options.add.map(normalizeCapability)
  const drop = new Set(options.drop.map(normalizeCapability))
  const base = add.includes("ALL") ? options.available : drop.has("ALL") ? [] : defaults
  const wanted = new Set([...base.filter((name) => !drop.has(name)), ...add.filter((name) => name !== "ALL")])
  return options.available.filter((name) => wanted.has(name))
}
