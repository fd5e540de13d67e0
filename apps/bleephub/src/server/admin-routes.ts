import { type Hub, isHubFault } from "@sockerless/bleephub-core"
import type { Bindings } from "@sockerless/bleephub-rest"
import { Hono } from "hono"
import { type Seed, seedHub } from "./seed.ts"

/** What the command line asks a running server; nobody but the holder of the administrator's token is heard. */
export const adminRoutes = (hub: Hub, adminToken: string): Hono<{ Bindings: Bindings }> => {
  const app = new Hono<{ Bindings: Bindings }>()
  app.get("/health", (c) => c.json({ ok: true }))
  app.post("/seed", async (c) => {
    if (c.req.header("authorization") !== `Bearer ${adminToken}`) return c.json({ message: "Bad credentials" }, 401)
    try {
      const seed: Seed = await c.req.json()
      return c.json(await seedHub(hub, seed))
    } catch (fault) {
      if (!isHubFault(fault)) throw fault
      return c.json({ message: fault.message, ...("errors" in fault && { errors: fault.errors }) }, 422)
    }
  })
  return app
}
