import { type Asset, fullName, nodeId, type Release } from "@sockerless/bleephub-core"
import { isoTime, isoTimeOrNull, simpleUser } from "../accounts/render.ts"
import type { View } from "../repositories/render.ts"
import type { Schemas } from "../wire/types.ts"

const nameOf = (view: View, repositoryId: number): string =>
  fullName(view.hub, view.hub.tables.repositories.need(repositoryId))

/** A file of a release. */
export const assetJson = (view: View, asset: Asset): Schemas["release-asset"] => {
  const release = view.hub.tables.releases.need(asset.releaseId)
  const name = nameOf(view, asset.repositoryId)
  return {
    url: `${view.urls.api}/repos/${name}/releases/assets/${asset.id}`,
    browser_download_url: `${view.urls.html}/${name}/releases/download/${release.tag}/${encodeURIComponent(asset.name)}`,
    id: asset.id,
    node_id: nodeId("RA", asset.id),
    name: asset.name,
    label: asset.label,
    state: "uploaded",
    content_type: asset.contentType,
    size: asset.size,
    digest: `sha256:${asset.digest}`,
    download_count: asset.downloads,
    created_at: isoTime(asset.createdAt),
    updated_at: isoTime(asset.updatedAt),
    uploader: simpleUser(view.urls, view.hub.tables.accounts.need(asset.uploaderId))
  }
}

/** A release with its files. */
export const releaseJson = (view: View, release: Release): Schemas["release"] => {
  const name = nameOf(view, release.repositoryId)
  const url = `${view.urls.api}/repos/${name}/releases/${release.id}`
  const archive = `${view.urls.api}/repos/${name}`
  return {
    url,
    html_url: `${view.urls.html}/${name}/releases/tag/${release.tag}`,
    assets_url: `${url}/assets`,
    upload_url: `${view.urls.uploads}/repos/${name}/releases/${release.id}/assets{?name,label}`,
    tarball_url: release.draft ? null : `${archive}/tarball/${release.tag}`,
    zipball_url: release.draft ? null : `${archive}/zipball/${release.tag}`,
    id: release.id,
    node_id: nodeId("RE", release.id),
    tag_name: release.tag,
    target_commitish: release.target,
    name: release.name,
    body: release.body,
    draft: release.draft,
    prerelease: release.prerelease,
    immutable: false,
    created_at: isoTime(release.createdAt),
    published_at: isoTimeOrNull(release.publishedAt),
    author: simpleUser(view.urls, view.hub.tables.accounts.need(release.authorId)),
    assets: view.hub.tables.assets.where("release", release.id).map((asset) => assetJson(view, asset))
  }
}
