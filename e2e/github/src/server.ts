import { mkdtemp, rm } from "node:fs/promises"
import { randomInt } from "node:crypto"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Contract } from "@sockerless/bleephub-contract"
import { seedHub, startServer, type Started } from "bleephub"

/** A running server of its own, with users mona and hubot, that holds every REST answer against GitHub's description. */
export interface Hub extends AsyncDisposable {
  readonly started: Started
  readonly folder: string
  /** `https://` without a port, as gh needs it inside a clone: a loopback address of our own at 443. */
  readonly host: string
  readonly token: string
  readonly otherToken: string
  readonly contract: Contract
}

let known: Contract | undefined

const loopback = (): string => `127.${randomInt(2, 255)}.${randomInt(0, 255)}.${randomInt(2, 255)}`

/** Starts a server; leaving the scope ends and removes it and fails on a broken contract or an unforeseen error. */
export const openHub = async (): Promise<Hub> => {
  const folder = await mkdtemp(join(tmpdir(), "bleephub-e2e-"))
  const contract = (known ??= new Contract())
  const before = contract.broken.length
  const defects: Array<unknown> = []
  const host = loopback()
  const started = await startServer({
    state: join(folder, "state"),
    http: { host: "127.0.0.1", port: 0 },
    https: { host, port: process.getuid?.() === 0 ? 443 : 0 },
    observe: contract.observe,
    defect: (error) => defects.push(error)
  })
  const token = "ghp_mona000000000000000000000000000000000"
  const otherToken = "ghp_hubot00000000000000000000000000000000"
  await seedHub(started.hub, {
    users: [
      { login: "mona", name: "Mona Lisa", email: "mona@example.com" },
      { login: "hubot", name: "Hubot", email: "hubot@example.com" }
    ],
    tokens: [
      { user: "mona", token },
      { user: "hubot", token: otherToken }
    ]
  })
  return {
    started,
    folder,
    host,
    token,
    otherToken,
    contract,
    [Symbol.asyncDispose]: async () => {
      await started.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
      if (defects.length > 0) throw defects[0]
      const broken = contract.broken.slice(before)
      if (broken.length > 0) throw new Error(broken.map((one) => one.message).join("\n"))
    }
  }
}
