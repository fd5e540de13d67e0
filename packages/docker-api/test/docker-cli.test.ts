import { assert, it } from "@effect/vitest"
import { type CreateContainer } from "@sockerless/engine"
import { Deferred, Effect } from "effect"
import { execFile, execFileSync } from "node:child_process"
import { PassThrough } from "node:stream"
import { serve } from "./stand-in.ts"

const hasDocker = (() => {
  try {
    execFileSync("docker", ["--version"])
    return true
  } catch {
    return false
  }
})()

const docker = (socketPath: string, args: ReadonlyArray<string>, stdin = "") =>
  Effect.callback<{ readonly out: string; readonly err: string; readonly code: number }>((resume) => {
    const child = execFile("docker", ["-H", `unix://${socketPath}`, ...args], (error, out, err) =>
      resume(Effect.succeed({ out, err, code: error === null ? 0 : Number(error.code) }))
    )
    child.stdin?.end(stdin)
  })

const frame = (stream: number, text: string) => {
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

const id = "a".repeat(64)

/** A container that echoes its stdin to stdout and stderr when started, and ends with 3. */
const echoing = Effect.gen(function* () {
  const created: Array<CreateContainer> = []
  const exit = yield* Deferred.make<{ exitCode: number; error: string | undefined }>()
  const output = new PassThrough()
  const input = new PassThrough()
  return {
    created,
    parts: {
      containers: {
        create: (request: CreateContainer) => Effect.sync(() => (created.push(request), { id, warnings: [] })),
        attach: () => Effect.succeed({ output, input, tty: false }),
        wait: () => Effect.succeed(Deferred.await(exit)),
        start: () =>
          Effect.gen(function* () {
            input.on("data", (chunk: Buffer) => output.write(frame(1, `out:${chunk.toString()}`)))
            input.on("end", () => {
              output.write(frame(2, "err:end\n"))
              output.end()
              Effect.runFork(Deferred.succeed(exit, { exitCode: 3, error: undefined }))
            })
          })
      },
      images: {
        inspect: () => Effect.fail({ _tag: "NoSuchImage", kind: "not-found" as const, message: "No such image: bb" })
      }
    }
  }
})

it.live.skipIf(!hasDocker)("docker run pipes stdin through, splits the streams and ends with the exit code", () =>
  Effect.gen(function* () {
    const { created, parts } = yield* echoing
    const { socketPath } = yield* serve(parts)
    const { out, err, code } = yield* docker(socketPath, ["run", "-i", "--name", "n", "bb", "cat"], "hello\n")
    assert.deepStrictEqual({ out, err, code }, { out: "out:hello\n", err: "err:end\n", code: 3 })
    assert.strictEqual(created[0]?.name, "n")
    assert.deepStrictEqual(created[0]?.requested.command, ["cat"])
    assert.strictEqual(created[0]?.requested.process.stdinOnce, true)
  })
)

it.live.skipIf(!hasDocker)("options that cannot be honoured are refused by name", () =>
  Effect.gen(function* () {
    const { parts } = yield* echoing
    const { socketPath } = yield* serve(parts)
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
      [["--gpus", "all"], /could not select device driver "" with capabilities: \[\[gpu\]\]; .* --device/],
      [["--security-opt", "foo=bar"], /invalid --security-opt 2: "foo=bar"/],
      [["--cap-add", "FOO"], /invalid CapAdd: unknown capability: "CAP_FOO"/],
      [["--log-driver", "syslog"], /no log driver named 'syslog' is registered/],
      [["--storage-opt", "size=1g"], /--storage-opt is not supported/],
      [["--annotation", "a=b"], /--annotation is not supported by this daemon: use --label/],
      [["--restart", "foo"], /unknown policy 'foo'/],
      [["--health-cmd", "x", "--health-interval", "1us"], /Interval in Healthcheck cannot be less than 1ms/]
    ]
    const { out: known } = yield* docker(socketPath, ["create", "--help"])
    // An older client does not know every option; what it does not know it cannot send.
    for (const [options, expected] of cases.filter(([[option]]) => known.includes(` ${option} `))) {
      const { err, code } = yield* docker(socketPath, ["create", ...options, "bb"])
      assert.match(err, expected)
      assert.strictEqual(code, 1)
    }
  })
)

it.live.skipIf(!hasDocker)("create turns the CLI's options into our words, and echoes them as dockerd does", () =>
  Effect.gen(function* () {
    const { created, parts } = yield* echoing
    const { socketPath } = yield* serve(parts)
    const options =
      "-p 8080:80 -p 53/udp -v vol:/data --tmpfs /run:size=1m -m 64m --cpus 0.5 --ulimit nofile=10:20 --device /dev/null:/dev/foo --label a=b --restart on-failure:3 --entrypoint= --init"
    yield* docker(socketPath, ["create", ...options.split(" "), "bb", "sleep", "1"])
    const { requested, echo } = created[0] ?? assert.fail("nothing was created")
    assert.deepStrictEqual(requested.entrypoint, [])
    assert.deepStrictEqual(requested.portBindings, [
      { containerPort: 53, protocol: "udp", hostIp: "", hostPort: "" },
      { containerPort: 80, protocol: "tcp", hostIp: "", hostPort: "8080" }
    ])
    assert.deepStrictEqual(requested.resources, {
      memoryBytes: 67_108_864,
      memorySwapBytes: 134_217_728,
      nanoCpus: 500_000_000
    })
    assert.deepStrictEqual(requested.restart, { name: "on-failure", maximumRetryCount: 3 })
    assert.deepStrictEqual(requested.isolation.devices, [
      { pathOnHost: "/dev/null", pathInContainer: "/dev/foo", cgroupPermissions: "rwm" }
    ])
    assert.strictEqual(requested.isolation.init, true)
    assert.deepStrictEqual(echo.hostConfig["Ulimits"], [{ Name: "nofile", Hard: 20, Soft: 10 }])
    assert.strictEqual(echo.hostConfig["ShmSize"], 67_108_864)
    assert.strictEqual(echo.hostConfig["CapAdd"], null)
    assert.strictEqual(echo.config["Volumes"], null)
    assert.isUndefined(echo.hostConfig["Sysctls"])
  })
)
