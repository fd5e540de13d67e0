import type { Case } from "../case.ts"
import { figureOf } from "../figure.ts"
import { type Peer, withPeers } from "../peers.ts"
import { sampleInTurns, timed } from "../sample.ts"

const AT_ONCE = 8

const createMany = async (peer: Peer, count: number): Promise<void> => {
  let made = 0
  const worker = async () => {
    while (made < count) {
      made += 1
      await peer.call("POST", `/v1.41/containers/create?name=box-${made}`, {
        Image: "busybox",
        Cmd: ["true"],
        Labels: { number: String(made) }
      })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

const listAll = async (peer: Peer, count: number): Promise<void> => {
  const all: unknown = JSON.parse((await peer.call("GET", "/v1.41/containers/json?all=1")).toString())
  if (!Array.isArray(all) || all.length !== count) throw new Error(`${peer.name} did not list ${count} containers`)
}

const removeAll = async (peer: Peer, count: number): Promise<void> => {
  for (let at = 1; at <= count; at += 1) await peer.call("DELETE", `/v1.41/containers/box-${at}`)
}

/** Creating many containers, eight at once, and listing them, by API calls. */
export const list: Case = {
  name: "list",
  measure: (extent) =>
    withPeers(async (peers) => {
      const count = extent.choose(1000, 100)
      const created = await sampleInTurns(peers, 1, (peer) => timed(() => createMany(peer, count)), false)
      const listed = await sampleInTurns(peers, extent.choose(11, 3), (peer) => timed(() => listAll(peer, count)))
      for (const peer of peers) await removeAll(peer, count)
      return [
        figureOf(`create ${count} containers`, "s", created, undefined, (millis) => millis / 1000),
        figureOf(`list ${count} containers`, "ms", listed, { ratio: 0.5, wants: "at most" })
      ]
    })
}
