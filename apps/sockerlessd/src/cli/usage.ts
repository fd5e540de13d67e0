import { commonFlags, daemonFlags, doctorFlags, type Flag, statusFlags, tlsFlags } from "./flags.ts"

const left = (flag: Flag) =>
  `  ${flag.short === undefined ? "    " : `-${flag.short}, `}--${flag.name}${flag.value === undefined ? "" : ` <${flag.value}>`}`

const table = (flags: ReadonlyArray<Flag>): string => {
  const width = Math.max(...flags.map((flag) => left(flag).length)) + 2
  return flags.map((flag) => `${left(flag).padEnd(width)}${flag.help}`).join("\n")
}

/** Every command with its help text; the key is what is typed after `sockerlessd`. */
export const usage = {
  run: () => `The Docker API without a Docker Engine.

Usage:
  sockerlessd [options]      run the daemon in the foreground
  sockerlessd doctor         examine this machine, print what mends each finding
  sockerlessd status         ask the running daemon how each part is
  sockerlessd tls init       make certificates for a TCP address
  sockerlessd <command> --help

Options:
${table([...daemonFlags, ...commonFlags])}

Stopping is killing: SIGTERM and SIGKILL end the daemon at once, containers go on, the next start recovers.

Examples:
  sockerlessd                                         listen on /run/sockerless.sock
  docker -H unix:///run/sockerless.sock run hello     use it
  sockerlessd -H unix:///run/sockerless.sock -H tcp://127.0.0.1:2375
  sockerlessd tls init && sockerlessd --tlsverify -H tcp://0.0.0.0:2376
`,
  doctor: () => `Examine this machine and print the command that mends each finding.
Exit code 1 when something that is needed is missing.

Usage: sockerlessd doctor [options]

Options:
${table([...doctorFlags, ...commonFlags])}
`,
  status: () => `Ask the running daemon how each of its parts is. Exit code 1 when it does not answer or is not ready.

Usage: sockerlessd status [options]

Options:
${table([...statusFlags, ...commonFlags])}
`,
  tls: () => `Make a CA, a server certificate and a client certificate for TCP with mutual TLS.
Running it again keeps the CA and renews the others; a running daemon takes the new ones by itself.

Usage: sockerlessd tls init [options]

Options:
${table([...tlsFlags, ...commonFlags])}
`
} as const
