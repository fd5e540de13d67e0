/**
 * Ownership is written into the names, so that recovery finds what a dead daemon left and touches nothing else:
 * namespaces `slk-<instance>-…`, veths `v<instance>…`, table `sockerless-<instance>`; every interface also carries a
 * device group made of the instance, because the group is set by the same call that creates the interface.
 */
import { createHash } from "node:crypto"

/** The folder of named network namespaces, fixed by iproute2. */
export const NAMESPACE_FOLDER = "/run/netns"

/** The names of everything one daemon instance creates; `instance` is 4 to 6 hex digits. */
export interface Names {
  readonly table: string
  readonly deviceGroup: number
  readonly namespacePrefix: string
  readonly namespace: (id: string) => string
  readonly veth: (namespace: string, bridgeId: string) => string
}

/** Makes the names of one instance. */
export const namesOf = (instance: string): Names => ({
  table: `sockerless-${instance}`,
  deviceGroup: 0x51_00_00_00 + Number.parseInt(instance, 16),
  namespacePrefix: `slk-${instance}-`,
  namespace: (id) => `slk-${instance}-${id}`,
  veth: (namespace, bridgeId) =>
    `v${instance}${createHash("sha256").update(`${namespace} ${bridgeId}`).digest("hex")}`.slice(0, 15)
})

/** The path by which a process joins a named namespace. */
export const namespacePath = (name: string): string => `${NAMESPACE_FOLDER}/${name}`

/** The interface name of a user-defined network's bridge. */
export const bridgeNameOf = (networkId: string): string => `sl-${networkId.slice(0, 12)}`
