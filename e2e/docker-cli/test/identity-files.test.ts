import { assert, describe, it } from "vitest"
import { judged } from "../src/index.ts"

const on = judged()

describe("the files that name a container and its resolver", () => {
  it("are readable by a user who is not root", async () => {
    const seen = await on.docker.ok(
      ...["run", "--rm", "--user", "1000", "--hostname", "named", "busybox", "sh", "-c"],
      "cat /etc/hostname; grep -c named /etc/hosts; cat /etc/resolv.conf >/dev/null && echo readable"
    )
    assert.deepEqual(seen.split("\n"), ["named", "1", "readable"])
  })
})
