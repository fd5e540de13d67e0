import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import {
  type AgentChannel,
  AgentSession,
  type DaemonChannel,
  DaemonSession,
  Inlet,
  Outlet
} from "../src/protocol/index.ts"
import { FaultyWire } from "./faulty-wire.ts"

/** Bytes that tell their own place, so that a loss, a repetition and a swap all show. */
const pattern = (from: number, length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => ((from + index) * 31 + ((from + index) >> 8)) & 255))

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** One workload's agent, and daemons that come and go over it, with what each side has seen. */
class World {
  readonly agent: AgentSession
  readonly up = new Outlet()
  readonly downSeen: Array<Buffer> = []
  readonly channel: AgentChannel
  /** What the daemon's disk has; a crash forgets all else. */
  readonly disk: Array<Buffer> = []
  diskEnd = 0
  endOnDisk = false
  memory: Array<Buffer> = []
  opened = 0
  granted: Array<boolean> = []
  epoch = 1
  upWritten = 0
  downWritten = 0
  daemon: DaemonSession
  main: DaemonChannel
  wire = new FaultyWire()

  constructor() {
    this.channel = {
      outlet: this.up,
      inlet: new Inlet(
        {
          bytes: (bytes) => {
            this.downSeen.push(bytes)
            this.channel.inlet.consumed(this.channel.inlet.next)
            this.channel.inlet.kept(this.channel.inlet.next)
          },
          end: () => this.channel.inlet.endKept()
        },
        { window: 64 }
      ),
      result: undefined
    }
    this.agent = new AgentSession({
      claimant: "a",
      open: () => {
        this.opened += 1
        return this.channel
      },
      welcomed: ({ granted }) => this.granted.push(granted),
      disconnected: () => {}
    })
    ;[this.daemon, this.main] = this.#boot()
  }

  #boot(): [DaemonSession, DaemonChannel] {
    const { epoch } = this
    const daemon = new DaemonSession(async () => ({ epoch, granted: true }))
    const main: DaemonChannel = daemon.open({
      id: "main",
      kind: "main",
      params: null,
      from: this.diskEnd,
      window: 128,
      consumer: {
        bytes: (bytes) => {
          this.memory.push(Buffer.from(bytes))
          main.inlet.consumed(main.inlet.next)
        },
        end: () => {}
      }
    })
    return [daemon, main]
  }

  write(length: number): void {
    if (this.up.finished) return
    this.up.write(pattern(this.upWritten, length))
    this.upWritten += length
  }

  /** Makes durable what the daemon has in memory, and says so. */
  keep(): void {
    this.disk.push(...this.memory)
    this.diskEnd += this.memory.reduce((sum, piece) => sum + piece.length, 0)
    this.memory = []
    this.main.inlet.kept(this.diskEnd)
    if (this.main.inlet.ended) {
      this.endOnDisk = true
      this.main.inlet.endKept()
    }
  }

  crash(): void {
    this.wire.cut()
    this.memory = []
    this.epoch += 1
    ;[this.daemon, this.main] = this.#boot()
    // What the dead daemon had not handed over is gone with the client that wrote it.
    this.downWritten = this.channel.inlet.next
  }

  writeDown(length: number): void {
    this.main.outlet.write(pattern(this.downWritten, length))
    this.downWritten += length
  }

  dial(): void {
    this.wire.cut()
    this.wire = new FaultyWire()
    const wire = this.wire
    const agentEnd = this.agent.connect(wire.agentWire)
    wire.join(agentEnd, this.daemon.connect(wire.daemonWire))
  }

  /** Lets everything through until nothing moves any more, re-dialling when the connection breaks. */
  async calm(): Promise<void> {
    for (let still = 0; still < 3;) {
      if (!this.wire.open) this.dial()
      const moved = this.wire.deliver("up", 1000) + this.wire.deliver("down", 1000)
      this.keep()
      await settled()
      still = moved === 0 && this.wire.open ? still + 1 : 0
    }
  }
}

const direction = fc.constantFrom("up" as const, "down" as const)
const at = fc.nat({ max: 9 })
const step: fc.Arbitrary<(world: World) => void> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(direction, at).map(
      ([way, n]) =>
        (world: World) =>
          void world.wire.deliver(way, n + 1)
    )
  },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 90 }).map((n) => (world: World) => world.write(n)) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 90 }).map((n) => (world: World) => world.writeDown(n)) },
  {
    weight: 2,
    arbitrary: fc.tuple(direction, at).map(
      ([way, n]) =>
        (world: World) =>
          world.wire.repeat(way, n)
    )
  },
  {
    weight: 1,
    arbitrary: fc.tuple(direction, at).map(
      ([way, n]) =>
        (world: World) =>
          world.wire.swap(way, n)
    )
  },
  { weight: 2, arbitrary: fc.constant((world: World) => world.keep()) },
  { weight: 2, arbitrary: fc.constant((world: World) => world.dial()) },
  { weight: 1, arbitrary: fc.constant((world: World) => world.wire.cut()) },
  { weight: 1, arbitrary: fc.constant((world: World) => world.crash()) }
)

describe("a channel", () => {
  it(
    "loses and repeats no byte over cuts, repetitions, swaps and crashes of the daemon",
    () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 80 }), async (steps) => {
          const world = new World()
          world.dial()
          for (const take of steps) {
            take(world)
            await settled()
          }
          world.up.finish()
          await world.calm()
          assert.deepStrictEqual(Buffer.concat(world.disk), pattern(0, world.upWritten))
          assert.isTrue(world.endOnDisk)
          assert.isTrue(world.up.drained)
          assert.strictEqual(world.up.backlog, 0)
          assert.deepStrictEqual(Buffer.concat(world.downSeen), pattern(0, world.downWritten))
          assert.isAtMost(world.opened, 1)
        }),
        { numRuns: 1500 }
      ),
    120_000
  )

  it("sends no more than the credit and goes on when it comes", async () => {
    const world = new World()
    world.dial()
    world.write(1000)
    world.wire.deliver("up", 9)
    await settled()
    world.wire.deliver("down", 9)
    world.wire.deliver("up", 9)
    assert.strictEqual(world.main.inlet.next, 128)
    assert.strictEqual(world.up.backlog, 1000)
    await world.calm()
    assert.strictEqual(world.diskEnd, 1000)
  })

  it("tells a daemon which bytes are gone", async () => {
    const world = new World()
    const gaps: Array<readonly [number, number]> = []
    world.write(10_000)
    world.write(20)
    world.write(30)
    world.up.shrinkTo(9000)
    const daemon = new DaemonSession(async () => ({ epoch: 1, granted: true }))
    const seen: Array<readonly [number, number]> = []
    daemon.open({
      id: "main",
      kind: "main",
      params: null,
      window: 100,
      consumer: { bytes: (bytes, from) => seen.push([from, bytes.length]), end: () => {} },
      gap: (from, to) => gaps.push([from, to])
    })
    const wire = new FaultyWire()
    wire.join(world.agent.connect(wire.agentWire), daemon.connect(wire.daemonWire))
    for (let round = 0; round < 4; round++) {
      wire.deliver("up", 99)
      await settled()
      wire.deliver("down", 99)
    }
    wire.deliver("up", 99)
    assert.deepStrictEqual(gaps, [[0, 10_000]])
    assert.deepStrictEqual(seen, [
      [10_000, 20],
      [10_020, 30]
    ])
  })
})

describe("an inlet", () => {
  it("gives the consumer the fresh part of bytes that overlap, and refuses a hole and what exceeds its credit", () => {
    const seen: Array<string> = []
    const inlet = new Inlet(
      { bytes: (bytes) => seen.push(bytes.toString()), end: () => seen.push("end") },
      { window: 8 }
    )
    inlet.data(0, Buffer.from("abcd"))
    inlet.data(2, Buffer.from("cdef"))
    inlet.data(0, Buffer.from("abc"))
    assert.throws(() => inlet.data(7, Buffer.from("h")), "byte 6 is missing before 7")
    assert.throws(() => inlet.data(6, Buffer.from("ghi")), "byte 9 is beyond the credit of 8")
    assert.throws(() => inlet.end(7), "does not follow byte 6")
    inlet.end(6)
    inlet.end(6)
    assert.deepStrictEqual(seen, ["abcd", "ef", "end"])
  })
})

describe("an agent", () => {
  const meet = async (agent: AgentSession, welcome: { readonly epoch: number; readonly granted: boolean }) => {
    const daemon = new DaemonSession(async () => welcome)
    const wire = new FaultyWire()
    wire.join(agent.connect(wire.agentWire), daemon.connect(wire.daemonWire))
    wire.deliver("up", 9)
    await settled()
    wire.deliver("down", 9)
    wire.deliver("up", 9)
    return wire
  }

  it("obeys no daemon of a lower epoch than it has obeyed", async () => {
    const { agent } = new World()
    assert.isTrue((await meet(agent, { epoch: 5, granted: true })).open)
    assert.isFalse((await meet(agent, { epoch: 4, granted: true })).open)
    assert.isTrue((await meet(agent, { epoch: 5, granted: true })).open)
  })

  it("hears that another copy runs the process", async () => {
    const world = new World()
    await meet(world.agent, { epoch: 1, granted: false })
    assert.deepStrictEqual(world.granted, [false])
  })

  it("tells a result again until the daemon is done with it, and forgets it after its time", async () => {
    const world = new World()
    world.dial()
    await world.calm()
    world.up.finish()
    world.agent.finish(world.channel, { code: 3 })
    world.wire.cut()
    await world.calm()
    assert.deepStrictEqual(await world.main.result, { code: 3 })
    world.crash()
    await world.calm()
    assert.deepStrictEqual(await world.main.result, { code: 3 })
    assert.strictEqual(world.agent.channels, 1)
    world.main.done()
    await world.calm()
    assert.strictEqual(world.agent.channels, 0)
    world.crash()
    await world.calm()
    world.agent.finish(world.channel, { code: 3 })
    world.agent.expire(0)
    assert.strictEqual(world.agent.channels, 1)
    world.agent.expire(Infinity)
    assert.strictEqual(world.agent.channels, 0)
  })
})

describe("a connection", () => {
  it("is closed by anything that no peer writes, and never throws", () =>
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (messages) => {
        const world = new World()
        world.dial()
        const wire = new FaultyWire()
        const end = world.daemon.connect(wire.daemonWire)
        for (const message of messages) end.message(Buffer.from(message))
        const agentEnd = world.agent.connect(new FaultyWire().agentWire)
        for (const message of messages) agentEnd.message(Buffer.from(message))
      }),
      { numRuns: 300 }
    ))
})
