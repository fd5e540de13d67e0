/** What the suite lets a workload do. Every backend turns it into a command of its own. */
export type Program =
  /** Prints and ends. */
  | { readonly do: "print"; readonly stdout: string; readonly stderr: string; readonly code: number }
  /** Runs until SIGKILL. */
  | { readonly do: "idle" }
  /** Prints `ready`, then runs until this signal and ends with the code. */
  | { readonly do: "await-signal"; readonly signal: "TERM" | "USR1"; readonly code: number }
  /** Copies standard input to standard output, and ends with the code when it has ended. */
  | { readonly do: "echo"; readonly code: number }
  /** Takes memory until it is killed for it. */
  | { readonly do: "hog" }
  /** Prints its user id, its working folder and the variable CONTRACT, on one line. */
  | { readonly do: "facts" }
  /** For each line it reads prints `rows columns line`; ends with 4 after the line `end`. */
  | { readonly do: "terminal" }
  /** Writes text to a file and ends. */
  | { readonly do: "write"; readonly path: string; readonly text: string }
  /** Prints a file and ends; with 1 when it is not there. */
  | { readonly do: "read"; readonly path: string }
  /** Answers every TCP connection with the text. */
  | { readonly do: "serve"; readonly port: number; readonly text: string }

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const scriptOf = (program: Program): string => {
  switch (program.do) {
    case "print":
      return `printf %s ${quoted(program.stdout)}; printf %s ${quoted(program.stderr)} >&2; exit ${program.code}`
    case "idle":
      return "while :; do sleep 60; done"
    case "await-signal":
      return `trap 'exit ${program.code}' ${program.signal}; echo ready; while :; do sleep 0.05; done`
    case "echo":
      return `cat; exit ${program.code}`
    case "hog":
      return "x=a; while :; do x=$x$x; done"
    case "facts":
      return "echo $(id -u) $(pwd) $CONTRACT"
    case "terminal":
      return 'while read line; do echo "$(stty size) $line"; [ "$line" = end ] && exit 4; done'
    case "write":
      return `printf %s ${quoted(program.text)} > ${quoted(program.path)}`
    case "read":
      return `cat ${quoted(program.path)}`
    case "serve":
      return `exec nc -ll -p ${program.port} -e echo ${quoted(program.text)}`
  }
}

/** The program as a command for an image with busybox. */
export const shellCommand = (program: Program): ReadonlyArray<string> => ["/bin/sh", "-c", scriptOf(program)]
