import type { Case } from "../case.ts"
import { type Figure, figureOf } from "../figure.ts"
import { type Peer, withPeers } from "../peers.ts"
import { growthDuring } from "../processes.ts"
import { sampleInTurns, timed } from "../sample.ts"
import { flat } from "./flat.ts"

const BYTES_PER_MB = 1_000_000
const LINE = "a line of output as a program of some size writes it, one hundred bytes with its end, and no more tha"

const printer = (megabytes: number): ReadonlyArray<string> => [
  "sh",
  "-c",
  `yes '${LINE}' | head -c ${megabytes * BYTES_PER_MB}`
]

const printed = async (peer: Peer, args: ReadonlyArray<string>): Promise<number> => {
  let bytes = 0
  const count = (chunk: Buffer) => void (bytes += chunk.length)
  const { code, stderr } = await peer.daemon.docker.run(args, { onStdout: count, millis: 300_000 })
  if (code !== 0) throw new Error(`${peer.name}: docker ${args.join(" ")} ended with ${code}: ${stderr}`)
  return bytes
}

const requireAll = async (peer: Peer, megabytes: number, args: ReadonlyArray<string>): Promise<void> => {
  const bytes = await printed(peer, args)
  if (bytes !== megabytes * BYTES_PER_MB) throw new Error(`${peer.name} gave ${bytes} bytes of ${megabytes} MB`)
}

/** Reading a long log with `docker logs`, every byte counted once before the clock runs. */
export const logs: Case = {
  name: "logs",
  measure: (extent) =>
    withPeers(async (peers) => {
      const megabytes = extent.choose(200, 20)
      for (const peer of peers) {
        await peer.docker("run", "-d", "--name", "talker", "busybox", ...printer(megabytes))
        await peer.docker("wait", "talker")
      }
      const read = (peer: Peer) => peer.discard("logs", "talker")
      const figures: Array<Figure> = [
        await flat(`logs of ${megabytes} MB`, peers, (peer) => requireAll(peer, megabytes, ["logs", "talker"]))
      ]
      const sampled = await sampleInTurns(peers, extent.choose(3, 2), (peer) => timed(() => read(peer)))
      const rate = (millis: number) => megabytes / (millis / 1000)
      figures.unshift(figureOf(`logs of ${megabytes} MB`, "MB/s", sampled, { ratio: 4, wants: "at least" }, rate))
      return figures
    })
}

/** Output of an attached run, from its first byte to the end of the client. */
export const attached: Case = {
  name: "attached",
  measure: (extent) =>
    withPeers(async (peers) => {
      const megabytes = extent.choose(200, 20)
      const command = ["run", "--rm", "busybox", ...printer(megabytes)]
      for (const peer of peers) await requireAll(peer, megabytes, command)
      const sampled = await sampleInTurns(
        peers,
        extent.choose(2, 1),
        (peer) => timed(() => peer.discard(...command)),
        false
      )
      const growth = await sampleInTurns(
        peers,
        1,
        (peer) => growthDuring(peer.daemon.pid(), () => peer.discard(...command)),
        false
      )
      const rate = (millis: number) => megabytes / (millis / 1000)
      return [
        figureOf(`attached output of ${megabytes} MB`, "MB/s", sampled, undefined, rate),
        figureOf(`memory growth, attached output of ${megabytes} MB`, "MB", growth)
      ]
    })
}
