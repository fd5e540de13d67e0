import { assert, it } from "@effect/vitest"
import type { Event } from "@sockerless/engine"
import { Deferred, Effect, Queue, Stream } from "effect"
import { PassThrough, Readable } from "node:stream"
import { rawClient } from "./raw-client.ts"
import { serve } from "./stand-in.ts"

const send = (method: string, path: string) => `${method} ${path} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n`

it.live("wait sends its headers at once and its body on exit", () =>
  Effect.gen(function* () {
    const exit = yield* Deferred.make<{ exitCode: number; error: string | undefined }>()
    const { socketPath } = yield* serve({ containers: { wait: () => Effect.succeed(Deferred.await(exit)) } })
    const client = yield* rawClient(socketPath)
    client.socket.write(send("POST", "/containers/a/wait?condition=removed"))
    const head = yield* client.until(/\r\n\r\n/)
    assert.match(head, /^HTTP\/1.1 200 OK[^]*Content-Type: application\/json/)
    assert.notMatch(head, /StatusCode/)
    yield* Deferred.succeed(exit, { exitCode: 3, error: undefined })
    assert.match(yield* client.closed, /\{"StatusCode":3,"Error":null\}\n/)
  })
)

it.live("a wait whose client went away is interrupted", () =>
  Effect.gen(function* () {
    const interrupted = yield* Deferred.make<void>()
    const { socketPath } = yield* serve({
      containers: {
        wait: () => Effect.succeed(Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined)))
      }
    })
    const client = yield* rawClient(socketPath)
    client.socket.write(send("POST", "/containers/a/wait"))
    yield* client.until(/200 OK/)
    client.socket.destroy()
    yield* Deferred.await(interrupted).pipe(Effect.timeout("2 seconds"))
  })
)

it.live("events carry status, id and from, whole nanoseconds, and leave as they happen", () =>
  Effect.gen(function* () {
    const queue = yield* Queue.unbounded<Event>()
    const { socketPath } = yield* serve({ events: { follow: () => Effect.succeed(Stream.fromQueue(queue)) } })
    const client = yield* rawClient(socketPath)
    client.socket.write(send("GET", "/v1.51/events"))
    assert.match(yield* client.until(/\r\n\r\n/), /Content-Type: application\/json\r\n/)
    yield* Queue.offer(queue, {
      sequence: 1,
      type: "container",
      action: "die",
      actorId: "abc",
      attributes: { exitCode: "3", image: "bb", name: "n" },
      timeNano: 1_795_529_732_301_370_366n
    })
    const line = /\{"status":"die".*\}\n/.exec(yield* client.until(/timeNano.*\n/))?.[0] ?? ""
    assert.strictEqual(
      line,
      '{"status":"die","id":"abc","from":"bb","Type":"container","Action":"die","Actor":{"ID":"abc","Attributes":{"exitCode":"3","image":"bb","name":"n"}},"scope":"local","time":1795529732,"timeNano":1795529732301370366}\n'
    )
  })
)

it.live("logs have no content type before 1.42, and a reader that leaves destroys the source", () =>
  Effect.gen(function* () {
    const output = new PassThrough()
    const { socketPath } = yield* serve({ containers: { logs: () => Effect.succeed({ output, tty: false }) } })
    const client = yield* rawClient(socketPath)
    client.socket.write(send("GET", "/v1.41/containers/a/logs?stdout=1&follow=1"))
    assert.notMatch(yield* client.until(/\r\n\r\n/), /Content-Type/)
    client.socket.destroy()
    for (let round = 0; round < 100 && !output.destroyed; round++) yield* Effect.sleep(10)
    assert.ok(output.destroyed)
  })
)

it.live("a log that nobody reads holds its source back instead of growing the daemon", () =>
  Effect.gen(function* () {
    let produced = 0
    const output = new Readable({
      read() {
        produced += 65_536
        this.push(Buffer.alloc(65_536))
      }
    })
    const { socketPath } = yield* serve({ containers: { logs: () => Effect.succeed({ output, tty: false }) } })
    const client = yield* rawClient(socketPath)
    client.socket.pause()
    client.socket.write(send("GET", "/containers/a/logs?stdout=1"))
    yield* Effect.sleep(300)
    assert.isBelow(produced, 8 * 1024 * 1024)
  })
)

it.live("stats without a stream hold two samples a second apart; a stopped container has zeros", () =>
  Effect.gen(function* () {
    const container = { spec: { id: "abc", name: "n" } }
    const { socketPath } = yield* serve({
      // The wire reads nothing else of the snapshot here.
      containers: { stats: () => Effect.succeed({ container: container as never, sample: undefined }) }
    })
    const client = yield* rawClient(socketPath)
    client.socket.write(send("GET", "/containers/a/stats?stream=0"))
    assert.match(
      yield* client.closed,
      /\{"read":"0001-01-01T00:00:00Z","preread":"0001-01-01T00:00:00Z","pids_stats":\{\},"blkio_stats":\{"io_service_bytes_recursive":null/
    )
  })
)
