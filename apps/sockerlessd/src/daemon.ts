import { keepDescriptors } from "@sockerless/libc"
import { takeLaunchOrder } from "./daemon/launch-order.ts"
import { startStore } from "./daemon/start-store.ts"
import { endStrays } from "./daemon/strays.ts"
import { EXIT_HOPELESS } from "./launch/launch-order.ts"

const order = takeLaunchOrder()
if (order === undefined) {
  process.stderr.write("sockerlessd: this is the daemon's own program; start it with the command sockerlessd\n")
  process.exit(EXIT_HOPELESS)
}
// The lock and the listening sockets came by inheritance; a monitor that outlives us must not hold them.
keepDescriptors()
endStrays(order.config.dataRoot)
// The store's thread opens the database while this one reads the rest of the program.
const store = startStore(order)
const { runLocal } = await import("./daemon/run-local.ts")
await runLocal(order, store)
