import { hasRegistry, type Registry, startRegistry, target } from "@sockerless/e2e-kit"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { fromDaemon, judged, noClient } from "../src/index.ts"

const on = judged()

// The oracle has a loopback of its own, where no registry listens.
const noRegistry =
  hasRegistry && target !== "dockerd"
    ? undefined
    : "no docker-registry within reach (Debian's package docker-registry): not tested"

const registries = new Map<"open" | "closed", Registry>()

beforeAll(async () => {
  if (noClient !== undefined || noRegistry !== undefined) return
  registries.set("open", await startRegistry())
  registries.set("closed", await startRegistry({ password: true }))
})
afterAll(async () => {
  for (const registry of registries.values()) await registry.stop()
})

const address = (which: "open" | "closed"): string => registries.get(which)?.address ?? ""
const idOf = (ref: string): Promise<string> => on.docker.ok("inspect", "--type", "image", "-f", "{{.Id}}", ref)

describe.skipIf(noRegistry !== undefined)("docker push and pull", () => {
  it("carry an image there and back", async () => {
    const ref = `${address("open")}/a/busybox:v1`
    const id = await idOf("busybox")
    await on.docker.ok("tag", "busybox", ref)
    const pushed = await on.docker.ok("push", ref)
    assert.include(pushed, `The push refers to repository [${address("open")}/a/busybox]`)
    const digest = /v1: digest: (sha256:[0-9a-f]{64}) size: \d+$/.exec(pushed)?.[1]
    assert.isDefined(digest)
    await on.docker.ok("rmi", ref)
    const pulled = await on.docker.ok("pull", ref)
    assert.include(pulled, "v1: Pulling from a/busybox")
    assert.include(pulled, `Digest: ${digest}`)
    assert.include(pulled, `Status: Downloaded newer image for ${ref}`)
    assert.strictEqual(pulled.split("\n").at(-1), ref)
    assert.strictEqual(await idOf(ref), id)
    assert.include(await on.docker.ok("pull", ref), `Status: Image is up to date for ${ref}`)
    const repository = `${address("open")}/a/busybox`
    assert.include(await on.docker.ok("inspect", "-f", "{{.RepoDigests}}", ref), `${repository}@${digest}`)
    await on.docker.ok("pull", "-q", `${repository}@${digest}`)
    assert.strictEqual(await idOf(`${repository}@${digest}`), id)
  })

  it("is done by docker run for an image that is not here", async () => {
    const ref = `${address("open")}/b/busybox`
    await on.docker.ok("tag", "busybox", ref)
    await on.docker.ok("push", ref)
    await on.docker.ok("rmi", ref)
    const { code, stdout, stderr } = await on.docker.run(["run", "--rm", ref, "echo", "pulled and run"])
    assert.deepEqual([code, stdout], [0, "pulled and run\n"])
    assert.include(stderr, `Unable to find image '${ref}:latest' locally\n`)
    assert.include(stderr, `Status: Downloaded newer image for ${ref}:latest`)
  })

  it("push every tag with -a", async () => {
    const repository = `${address("open")}/c/tags`
    for (const tag of ["one", "two"]) await on.docker.ok("tag", "busybox", `${repository}:${tag}`)
    const pushed = await on.docker.ok("push", "-a", repository)
    assert.match(pushed, /one: digest: sha256:/)
    assert.match(pushed, /two: digest: sha256:/)
  })

  it("say what is not there", async () => {
    const ref = `${address("open")}/nosuch:v9`
    const { code, stderr } = await on.docker.run(["pull", ref])
    assert.strictEqual(stderr, fromDaemon(`manifest for ${ref} not found: manifest unknown: manifest unknown`))
    assert.strictEqual(code, 1)
    const push = await on.docker.run(["push", ref])
    assert.strictEqual(push.stderr, `An image does not exist locally with the tag: ${address("open")}/nosuch\n`)
    assert.strictEqual(push.code, 1)
  })

  it("say that nobody answers", async () => {
    const gone = await startRegistry()
    await gone.stop()
    const { code, stderr } = await on.docker.run(["pull", `${gone.address}/x`])
    assert.match(stderr, /connection refused|ECONNREFUSED/)
    assert.strictEqual(code, 1)
  })
})

describe.skipIf(noRegistry !== undefined)("docker login", () => {
  const login = (password: string) =>
    on.docker.run(["login", "-u", "tester", "--password-stdin", address("closed")], { input: password })

  it("is needed where the registry asks for it", async () => {
    const ref = `${address("closed")}/private:v1`
    await on.docker.ok("tag", "busybox", ref)
    const refused = await on.docker.run(["push", ref])
    assert.strictEqual(refused.stderr, "no basic auth credentials\n")
    assert.strictEqual(refused.code, 1)
    const wrong = await login("wrong")
    const attempt = `login attempt to http://${address("closed")}/v2/ failed with status: 401 Unauthorized`
    assert.strictEqual(wrong.stderr, fromDaemon(attempt))
    assert.strictEqual(wrong.code, 1)
    const right = await login("secret")
    assert.deepEqual([right.code, right.stdout], [0, "Login Succeeded\n"])
    await on.docker.ok("push", ref)
    await on.docker.ok("rmi", ref)
    await on.docker.ok("pull", ref)
    const logout = await on.docker.run(["logout", address("closed")])
    assert.strictEqual(logout.code, 0)
    await on.docker.ok("rmi", ref)
    const locked = await on.docker.run(["pull", ref])
    assert.match(
      locked.stderr,
      /^Error response from daemon: (Head|Get) "http:\/\/127\.0\.0\.1:\d+\/v2\/private\/manifests\/v1": no basic auth credentials\n$/
    )
    assert.strictEqual(locked.code, 1)
  })
})
