import { randomBytes } from "node:crypto"
import { readdirSync } from "node:fs"
import type { RequestListener, ServerResponse } from "node:http"
import { join } from "node:path"
import { until } from "@sockerless/e2e-kit"
import { afterEach } from "vitest"
import { lyingRegistry, type LyingRegistry } from "./lying-registry.ts"
import { rawTar } from "./raw-tar.ts"
import type { Siege } from "./siege.ts"

/** Pulls of the besieged daemon from registries that live for one test. */
export interface Pulls {
  readonly registry: (answer: RequestListener) => Promise<LyingRegistry>
  /** Gives the error, whether it came as status or at the end of the progress; `undefined` when there is none. */
  readonly pull: (address: string, credentials?: boolean) => Promise<string | undefined>
  /** Waits until no half-written content is on disk. */
  readonly nothingIsLeft: () => Promise<unknown>
}

const auth = Buffer.from(JSON.stringify({ username: "tester", password: "secret" })).toString("base64url")

/** Registries for the calling file; each ends with its test. */
export const pullsOf = (siege: Siege): Pulls => {
  const registries: Array<LyingRegistry> = []
  afterEach(async () => {
    await Promise.all(registries.splice(0).map((registry) => registry.stop()))
  })
  return {
    registry: async (answer) => {
      const started = await lyingRegistry(answer)
      registries.push(started)
      return started
    },
    pull: async (address, credentials = false) => {
      const reply = await siege.ask({
        method: "POST",
        path: `/images/create?fromImage=${encodeURIComponent(`${address}/image`)}&tag=latest`,
        headers: credentials ? [`X-Registry-Auth: ${auth}`] : []
      })
      return /"message":"((?:[^"\\]|\\.)*)"/.exec(reply.text)?.[1]?.replaceAll('\\"', '"')
    },
    nothingIsLeft: () =>
      until("no draft is left", () =>
        readdirSync(join(siege.daemon.folder, "data/images/blobs/drafts")).length === 0 ? true : undefined
      )
  }
}

/** A layer that no other test has pulled. */
export const freshLayer = (bytes = 2000): Buffer => rawTar([{ name: "file", content: randomBytes(bytes) }])

/** Answers where the URL holds `part`. */
export const when =
  (part: string, answer: (response: ServerResponse, range: string) => void): RequestListener =>
  (request, response) => {
    if (request.url?.includes(part) === true) answer(response, request.headers.range ?? "")
  }

/** A redirect where the URL holds `part`. */
export const redirect = (part: string, location: string): RequestListener =>
  when(part, (response) => response.writeHead(307, { Location: location }).end())

/** Blanks for ever. */
export const endless = (response: ServerResponse): void => {
  response.writeHead(200)
  const piece = Buffer.alloc(65_536, 32)
  const more = () => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once("drain", more)
  }
  more()
}
