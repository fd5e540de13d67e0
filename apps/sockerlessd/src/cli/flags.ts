/** One command line option of the daemon. `key` is its name in the configuration file, where it may be given instead. */
export interface Flag {
  readonly name: string
  readonly short?: string
  readonly type: "text" | "list" | "switch"
  readonly key?: string
  readonly value?: string
  readonly help: string
}

/** The daemon's options: dockerd's names wherever the thing is the same. */
export const daemonFlags: ReadonlyArray<Flag> = [
  {
    name: "host",
    short: "H",
    type: "list",
    key: "hosts",
    value: "address",
    help: "Listen on unix:///path, tcp://ip:port or fd:// (repeatable; default unix:///run/sockerless.sock)"
  },
  {
    name: "data-root",
    type: "text",
    key: "data-root",
    value: "dir",
    help: "Images, containers, volumes, state (default /var/lib/sockerless)"
  },
  {
    name: "exec-root",
    type: "text",
    key: "exec-root",
    value: "dir",
    help: "Sockets and pids, best on a tmpfs (default /run/sockerless)"
  },
  {
    name: "pidfile",
    short: "p",
    type: "text",
    key: "pidfile",
    value: "file",
    help: "Where the daemon's pid goes; the supervisor's goes to FILE.supervisor (default <exec-root>/sockerlessd.pid)"
  },
  {
    name: "config-file",
    type: "text",
    value: "file",
    help: "JSON with dockerd's keys (default /etc/sockerless/daemon.json, which may be absent)"
  },
  {
    name: "group",
    short: "G",
    type: "text",
    key: "group",
    value: "name",
    help: "Group that may use the unix socket (default docker, where that group exists)"
  },
  {
    name: "default-runtime",
    type: "text",
    key: "default-runtime",
    value: "name",
    help: "Backend for containers that name no --runtime (default local)"
  },
  {
    name: "insecure-registry",
    type: "list",
    key: "insecure-registries",
    value: "host",
    help: "Registry to speak plain HTTP or unverified TLS with (repeatable)"
  },
  {
    name: "registry-mirror",
    type: "list",
    key: "registry-mirrors",
    value: "url",
    help: "Mirror to ask before Docker Hub (repeatable)"
  },
  {
    name: "dns",
    type: "list",
    key: "dns",
    value: "ip",
    help: "Name server for containers (repeatable; default the host's)"
  },
  { name: "bip", type: "text", key: "bip", value: "cidr", help: "Address of the default bridge, as 172.17.0.1/16" },
  { name: "mtu", type: "text", key: "mtu", value: "bytes", help: "MTU of container networks" },
  {
    name: "tls",
    type: "switch",
    key: "tls",
    help: "Use TLS on TCP without asking clients for a certificate (loopback only)"
  },
  {
    name: "tlsverify",
    type: "switch",
    key: "tlsverify",
    help: "Use TLS on TCP and ask every client for a certificate"
  },
  {
    name: "tlscacert",
    type: "text",
    key: "tlscacert",
    value: "file",
    help: "Trust clients signed by this CA (default /etc/sockerless/tls/server/ca.pem)"
  },
  {
    name: "tlscert",
    type: "text",
    key: "tlscert",
    value: "file",
    help: "Server certificate (default /etc/sockerless/tls/server/cert.pem)"
  },
  {
    name: "tlskey",
    type: "text",
    key: "tlskey",
    value: "file",
    help: "Server key (default /etc/sockerless/tls/server/key.pem)"
  },
  {
    name: "allowed-host",
    type: "list",
    key: "allowed-hosts",
    value: "name",
    help: "Host header accepted on loopback TCP beside loopback names (repeatable)"
  },
  {
    name: "log-level",
    short: "l",
    type: "text",
    key: "log-level",
    value: "level",
    help: "debug, info, warn, error or fatal (default info)"
  },
  {
    name: "log-format",
    type: "text",
    key: "log-format",
    value: "form",
    help: "pretty or json (default pretty on a terminal, else json)"
  },
  { name: "debug", short: "D", type: "switch", key: "debug", help: "Same as --log-level debug" },
  {
    name: "metrics-addr",
    type: "text",
    key: "metrics-addr",
    value: "ip:port",
    help: "Serve /metrics, /livez and /readyz there"
  }
]

/** Options that every command understands. */
export const commonFlags: ReadonlyArray<Flag> = [
  { name: "help", short: "h", type: "switch", help: "Print this help" },
  { name: "version", short: "v", type: "switch", help: "Print the version" }
]

export const doctorFlags: ReadonlyArray<Flag> = [
  { name: "data-root", type: "text", value: "dir", help: "Folder to examine (default /var/lib/sockerless)" },
  { name: "exec-root", type: "text", value: "dir", help: "Folder to examine (default /run/sockerless)" },
  {
    name: "host",
    short: "H",
    type: "list",
    value: "address",
    help: "Socket to examine (default unix:///run/sockerless.sock)"
  },
  { name: "format", type: "text", value: "form", help: "pretty or json (default pretty)" }
]

export const statusFlags: ReadonlyArray<Flag> = [
  {
    name: "host",
    short: "H",
    type: "list",
    value: "address",
    help: "Socket of the daemon (default unix:///run/sockerless.sock)"
  },
  { name: "format", type: "text", value: "form", help: "pretty or json (default pretty)" }
]

export const tlsFlags: ReadonlyArray<Flag> = [
  { name: "dir", type: "text", value: "dir", help: "Where the files go (default /etc/sockerless/tls)" },
  {
    name: "hosts",
    type: "text",
    value: "names",
    help: "Names and addresses of this server, comma separated (default: this host's name and loopback)"
  },
  {
    name: "days",
    type: "text",
    value: "n",
    help: "Validity of the server's and the client's certificate (default 365)"
  },
  { name: "force", type: "switch", help: "Replace an existing CA; clients of the old one are locked out" }
]
