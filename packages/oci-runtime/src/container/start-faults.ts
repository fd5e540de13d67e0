import { Schema } from "effect"
import { StartFailed } from "./faults.ts"

/** The runtimes write their log as one JSON object per line when asked to. */
const LogLine = Schema.fromJsonString(Schema.Struct({ level: Schema.String, msg: Schema.String }))
const decodeLine = Schema.decodeUnknownOption(LogLine)

/** The last error a runtime wrote to its JSON log. */
export const lastErrorOf = (log: string): string | undefined =>
  log
    .split("\n")
    .map((line) => decodeLine(line))
    .findLast((line) => line._tag === "Some" && line.value.level === "error")
    ?.pipe((line) => (line._tag === "Some" ? line.value.msg : undefined))

/** What crun and runc say of the executable itself; the same words about anything else are another failure. */
const sayings = (program: string) => {
  const runc = `exec: ${JSON.stringify(program)}: `
  return {
    missing: [
      `executable file \`${program}\` not found`,
      "open executable: No such file or directory",
      `${runc}executable file not found`,
      `${runc}stat ${program}: no such file or directory`
    ],
    // crun answers EPERM for a directory and EACCES for a file without the execute bit.
    folder: ["open executable: Operation not permitted", "open executable: Is a directory", `${runc}is a directory`],
    denied: [
      "open executable: Permission denied",
      `${runc}permission denied`,
      `${runc}stat ${program}: permission denied`
    ]
  }
}

const detailOf = (
  program: string,
  reason: string
): { readonly detail: string; readonly exitCode?: number } | undefined => {
  const quoted = JSON.stringify(program)
  const said = sayings(program)
  const says = (texts: ReadonlyArray<string>) => texts.some((text) => reason.includes(text))
  // crun takes an empty command for the working directory.
  if (program === "" || says(said.missing)) {
    return {
      detail: program.includes("/")
        ? `exec: ${quoted}: stat ${program}: no such file or directory`
        : `exec: ${quoted}: executable file not found in $PATH`,
      exitCode: 127
    }
  }
  const folder = /^chdir `(.*)`: (.*)$/.exec(reason)
  if (folder !== null) {
    const [, path = "", why = ""] = folder
    return { detail: `chdir to cwd (${JSON.stringify(path)}) set in config.json failed: ${why.toLowerCase()}` }
  }
  if (says(said.folder)) return { detail: `exec: ${quoted}: is a directory: permission denied`, exitCode: 126 }
  if (says(said.denied)) return { detail: `exec: ${quoted}: permission denied`, exitCode: 126 }
  return undefined
}

/**
 * Docker's text and exit code for a container whose process cannot be started. The docker CLI decides between 125,
 * 126 and 127 by words in this text (docker/cli: cli/command/container/run.go).
 */
export const createFailure = (program: string, reason: string): StartFailed => {
  const known = detailOf(program, reason)
  return new StartFailed({
    text: `failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${known?.detail ?? reason}: unknown`,
    exitCode: known?.exitCode ?? 128
  })
}

/** As `createFailure`, for an exec: the text dockerd writes into the stream, and the exec's exit code. */
export const execFailure = (program: string, reason: string): { readonly text: string; readonly exitCode: number } => {
  const known = detailOf(program, reason)
  return {
    text: `OCI runtime exec failed: exec failed: unable to start container process: ${known?.detail ?? reason}: unknown`,
    exitCode: known?.exitCode ?? 126
  }
}
