import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CloudScanner, folderCloud } from "@sockerless/cloud-scanner"
import { awsTags } from "@sockerless/tags"
import { Effect, Layer, Result } from "effect"
import { scannerContract, ScannerFixture } from "../src/scanner-suite/index.ts"

const pageSize = 5

const folder = Layer.unwrap(
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "scanner-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true }))
    ),
    (path) => {
      const cloud = folderCloud({ folder: path, backend: "folder", pageSize })
      return Layer.mergeAll(
        Layer.succeed(CloudScanner, cloud.scanner),
        Layer.succeed(ScannerFixture, {
          types: ["folder.task", "folder.network"],
          plant: ({ type, name, tags }) =>
            cloud.create({ type, name, tags: tags === undefined ? {} : Result.getOrThrow(awsTags.map(tags)) }),
          exists: ({ id }) => cloud.exists(id),
          pageSize,
          calls: cloud.pages,
          emptyScanCalls: 1
        })
      )
    }
  )
)

scannerContract("a folder", folder)
