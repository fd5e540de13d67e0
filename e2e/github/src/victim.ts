import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"

/** A server process that can be killed. */
export interface Victim {
  readonly url: string
  readonly token: string
  /** Kills it as power loss would, and resolves when it is gone. */
  readonly kill: () => Promise<void>
}

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ""
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8")
      if (text.includes("\n")) resolve(text.split("\n")[0] ?? "")
    })
    child.once("exit", (code) => reject(new Error(`the server ended with ${code} before it answered`)))
  })

/** Starts a server on a state folder and resolves when it answers, that is, when it has recovered. */
export const startVictim = async (state: string): Promise<Victim> => {
  const child = spawn(process.execPath, [new URL("./main.ts", import.meta.url).pathname, state], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  const { port, token }: { readonly port: number; readonly token: string } = JSON.parse(await firstLine(child))
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    kill: async () => {
      const gone = once(child, "exit")
      child.kill("SIGKILL")
      await gone
    }
  }
}
