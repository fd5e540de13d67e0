import { backendContract, type Refusal, type Subject } from "@sockerless/backend-contract/suite"
import { Effect } from "effect"
import { makeScriptedBackend, type ScriptedOptions, ScriptedPlace } from "../src/index.ts"
import { programCommand, programScript } from "./program-script.ts"

const subject = (options: ScriptedOptions) =>
  Effect.gen(function* () {
    const place = new ScriptedPlace(programScript)
    const life = makeScriptedBackend(place, options)
    const made: Subject = {
      backend: yield* life,
      image: { id: "sha256:scripted", reference: "scripted:latest", platform: "linux" },
      command: programCommand,
      secondLife: life
    }
    return made
  })

const refusals: ReadonlyArray<Refusal> = [
  {
    option: "SCTP ports",
    says: ["publishing SCTP ports", "publish tcp or udp"],
    ask: (spec) => ({
      ...spec,
      network: { ...spec.network, portBindings: [{ containerPort: 80, protocol: "sctp", hostIp: "", hostPort: "" }] }
    })
  }
]

backendContract("scripted", { make: subject({}), refusals, readme: new URL("../README.md", import.meta.url) })

const reason = "left out by the script"

backendContract("scripted with little", {
  make: subject({
    name: "little",
    without: [
      "attach",
      "exec",
      "archive",
      "named-volumes",
      "stats",
      "top",
      "pause",
      "update",
      "user-networks",
      "published-ports"
    ]
  }),
  refusals,
  off: {
    stdin: reason,
    terminal: reason,
    exec: reason,
    "exec terminal": reason,
    archive: reason,
    volumes: reason,
    stats: reason,
    top: reason,
    pause: reason,
    update: reason,
    networks: reason,
    "published ports": reason
  }
})
