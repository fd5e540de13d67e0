import {
  type Account,
  Forbidden,
  findUser,
  hasScope,
  invalid,
  nodeId,
  notFound,
  requireAccount,
  type SshKey
} from "@sockerless/bleephub-core"
import { type Call, operation } from "../wire/call.ts"
import type { OperationId } from "../wire/types.ts"
import { isoTime } from "./render.ts"

const KEY = /^(ssh-(rsa|ed25519|dss)|ecdsa-sha2-nistp\d+|sk-[\w@.-]+) [A-Za-z0-9+/=]+/

const keyJson = (call: Call<OperationId>, key: SshKey) => ({
  id: key.id,
  key: key.key,
  url: `${call.urls.api}/user/keys/${key.id}`,
  title: key.title,
  created_at: isoTime(key.createdAt),
  verified: true,
  read_only: false,
  node_id: nodeId("EV", key.id)
})

const requireScope = (call: Call<OperationId>, scope: string): Account => {
  const account = requireAccount(call.viewer)
  // GitHub hides the list from tokens that may not see it.
  if (!hasScope(call.viewer, scope)) throw notFound()
  return account
}

const addKey = (
  call: Call<OperationId>,
  account: Account,
  kind: SshKey["kind"],
  title: string,
  text: string
): SshKey => {
  const key = text.trim().split(/\s+/).slice(0, 2).join(" ")
  if (!KEY.test(key)) {
    throw invalid({
      resource: "PublicKey",
      field: "key",
      code: "custom",
      message: "key is invalid. You must supply a key in OpenSSH public key format"
    })
  }
  if (call.hub.tables.keys.by("key", `${kind} ${key}`) !== undefined) {
    throw invalid({ resource: "PublicKey", field: "key", code: "custom", message: "key is already in use" })
  }
  return call.hub.tables.keys.insert({ accountId: account.id, kind, title, key, createdAt: call.hub.now() })
}

const ownKey = (call: Call<OperationId>, account: Account, kind: SshKey["kind"], id: number): SshKey => {
  const key = call.hub.tables.keys.get(id)
  if (key?.accountId !== account.id || key.kind !== kind) throw notFound()
  return key
}

/** Keys of users. */
export const keyOperations = [
  operation("users/list-public-ssh-keys-for-authenticated-user", (call) => {
    const account = requireScope(call, "read:public_key")
    return call.page(call.hub.tables.keys.where("account", `authentication ${account.id}`), (key) => keyJson(call, key))
  }),
  operation("users/create-public-ssh-key-for-authenticated-user", async (call) => {
    const account = requireScope(call, "write:public_key")
    const { title = "key", key } = call.body
    return keyJson(call, await call.hub.change(() => addKey(call, account, "authentication", title, key)))
  }),
  operation("users/get-public-ssh-key-for-authenticated-user", (call) =>
    keyJson(call, ownKey(call, requireScope(call, "read:public_key"), "authentication", call.path.key_id))
  ),
  operation("users/delete-public-ssh-key-for-authenticated-user", async (call) => {
    const account = requireAccount(call.viewer)
    if (!hasScope(call.viewer, "admin:public_key")) throw new Forbidden({ reason: "Must have admin:public_key scope." })
    const key = ownKey(call, account, "authentication", call.path.key_id)
    await call.hub.change(() => call.hub.tables.keys.remove(key.id))
  }),
  operation("users/list-public-keys-for-user", (call) => {
    const account = findUser(call.hub, call.path.username)
    return call.page(
      call.hub.tables.keys.where("account", `authentication ${account.id}`),
      ({ id, key, createdAt }) => ({
        id,
        key,
        created_at: isoTime(createdAt)
      })
    )
  })
]
