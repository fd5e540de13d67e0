import type { HistoryRow } from "./image-store.ts"
import type { Library, StoredImage } from "./library.ts"

const secondsOf = (time: string | null | undefined): number => {
  const millis = Date.parse(time ?? "")
  return Number.isNaN(millis) ? 0 : Math.floor(millis / 1000)
}

/** Rows of `docker history`, newest first; only the newest has an id, as with every image that was not built here. */
export const historyOf = async (
  library: Library,
  image: StoredImage,
  layerBytes: (diffId: string) => Promise<number>
): Promise<ReadonlyArray<HistoryRow>> => {
  const record = library.record(image.id)
  const steps = record?.raw.history ?? image.layers.map(() => ({}))
  const rows: Array<HistoryRow> = []
  let next = 0
  for (const step of steps) {
    const layer = "empty_layer" in step && step.empty_layer === true ? undefined : image.layers[next++]
    rows.push({
      Id: "<missing>",
      Created: secondsOf("created" in step ? step.created : undefined),
      CreatedBy: ("created_by" in step ? step.created_by : undefined) ?? "",
      Tags: null,
      Size: layer === undefined ? 0 : await layerBytes(layer.diffId),
      Comment: ("comment" in step ? step.comment : undefined) ?? ""
    })
  }
  return rows.toReversed().map((row, index) =>
    index === 0
      ? Object.assign({}, row, {
          Id: image.id,
          Tags: record === undefined || record.repoTags.length === 0 ? null : record.repoTags
        })
      : row
  )
}
