import type { Containers, Events, Execs, Images, Networks, System, Volumes } from "@sockerless/engine"
import type { Bridge, Call, HijackCall } from "@sockerless/http-bridge"
import type { ApiFacts } from "./versions.ts"

/** The services the API speaks for. */
export type Engine = Containers | Events | Execs | Images | Networks | System | Volumes

export type ApiBridge = Bridge<ApiFacts, Engine>
export type ApiCall = Call<ApiFacts>
export type ApiHijackCall = HijackCall<ApiFacts>
