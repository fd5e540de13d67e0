import { keepDescriptors } from "@sockerless/libc"
import { takeLaunchOrder } from "./daemon/launch-order.ts"
import { graphOf } from "./daemon/graph.ts"
import { lastWords } from "./daemon/log.ts"
import { partsOf } from "./daemon/parts.ts"
import { runDaemon } from "./daemon/run.ts"
import { endStrays } from "./daemon/strays.ts"
import { EXIT_HOPELESS } from "./launch/launch-order.ts"

const order = takeLaunchOrder()
if (order === undefined) {
  lastWords("this is the daemon's own program; start it with the command sockerlessd")
  process.exit(EXIT_HOPELESS)
}
// The lock and the listening sockets came by inheritance; a monitor that outlives us must not hold them.
keepDescriptors()
endStrays(order.config.dataRoot)
await runDaemon(order, graphOf(partsOf))
