import { backendContract } from "@sockerless/backend-contract/suite"
import { localSubject, missing } from "./local-subject.ts"

backendContract("local", {
  make: localSubject,
  missing,
  readme: new URL("../README.md", import.meta.url),
  refusals: [
    {
      option: "SCTP ports",
      says: ["publishing SCTP ports", "publish tcp or udp"],
      ask: (spec) => ({
        ...spec,
        network: {
          ...spec.network,
          portBindings: [{ containerPort: 80, protocol: "sctp", hostIp: "", hostPort: "" }]
        }
      })
    },
    {
      option: "other log drivers",
      says: ['log driver "syslog"', "use json-file, local or none"],
      ask: (spec) => ({ ...spec, logging: { driver: "syslog", options: {} } })
    },
    {
      option: "unknown log options",
      says: ['log option "colour"', "use "],
      ask: (spec) => ({ ...spec, logging: { driver: "json-file", options: { colour: "red" } } })
    },
    {
      option: "capabilities the kernel does not know",
      says: ['capability "CAP_FLY"', "capabilities(7)"],
      ask: (spec) => ({ ...spec, isolation: { ...spec.isolation, capAdd: ["CAP_FLY"] } })
    },
    {
      option: "device rules that are none",
      says: ['device cgroup rule "any"', 'write it as "c 1:3 rwm"'],
      ask: (spec) => ({ ...spec, isolation: { ...spec.isolation, deviceCgroupRules: ["any"] } })
    },
    {
      option: "volume drivers other than local",
      says: ["volume drivers other than local", "use the driver local"],
      ask: (spec) => ({
        ...spec,
        mounts: [
          {
            type: "volume",
            name: "v",
            anonymous: false,
            destination: "/v",
            readOnly: false,
            noCopy: false,
            driver: "nfs",
            mode: ""
          }
        ]
      })
    }
  ]
})
