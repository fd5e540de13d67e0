import type { Program } from "@sockerless/backend-contract/suite"
import type { End, Script, ScriptedProcess } from "../src/index.ts"

/** The suite's programs as commands of a scripted place. */
export const programCommand = (program: Program): ReadonlyArray<string> => ["program", JSON.stringify(program)]

const signals = { TERM: 15, USR1: 10 } as const

const until = (process: ScriptedProcess, number: number, exitCode: number): Promise<End> =>
  new Promise((resolve) => process.onSignal(number, () => resolve({ exitCode })))

const echo = async (process: ScriptedProcess, exitCode: number): Promise<End> => {
  for await (const chunk of process.stdin) process.print(String(chunk))
  return { exitCode }
}

const terminal = async (process: ScriptedProcess): Promise<End> => {
  let pending = ""
  for await (const chunk of process.stdin) {
    pending += String(chunk)
    const lines = pending.split("\r")
    pending = lines.pop() ?? ""
    for (const line of lines) {
      const { rows, columns } = process.terminalSize()
      process.print(`${rows} ${columns} ${line}\n`)
      if (line === "end") return { exitCode: 4 }
    }
  }
  return { exitCode: 0 }
}

const run = (process: ScriptedProcess, program: Program): Promise<End> | End => {
  switch (program.do) {
    case "print":
      if (program.stdout !== "") process.print(program.stdout)
      if (program.stderr !== "") process.print(program.stderr, 2)
      return { exitCode: program.code }
    case "idle":
      return new Promise(() => undefined)
    case "await-signal": {
      const end = until(process, signals[program.signal], program.code)
      process.print("ready\n")
      return end
    }
    case "echo":
      return echo(process, program.code)
    case "hog":
      return process.memoryBytes === undefined ? new Promise(() => undefined) : { exitCode: 137, oomKilled: true }
    case "facts":
      process.print(`${process.user} ${process.workingDir} ${process.env["CONTRACT"] ?? ""}\n`)
      return { exitCode: 0 }
    case "terminal":
      return terminal(process)
    case "write":
      process.writeFile(program.path, program.text)
      return { exitCode: 0 }
    case "read": {
      const text = process.readFile(program.path)
      process.print(text ?? "")
      return { exitCode: text === undefined ? 1 : 0 }
    }
    case "serve":
      process.serve(program.port, (socket) => socket.end(program.text))
      return new Promise(() => undefined)
  }
}

/** A place that runs the suite's programs. */
export const programScript: Script = {
  behave: (process) => run(process, JSON.parse(process.argv[1] ?? "") as Program),
  cannotStart: ([program = ""]) => {
    if (program === "program") return undefined
    return program.startsWith("/")
      ? { detail: `exec: "${program}": permission denied`, exitCode: 126 }
      : { detail: `exec: "${program}": executable file not found in $PATH`, exitCode: 127 }
  }
}
