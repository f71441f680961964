#!/usr/bin/env node
import { runCommandLine } from './cli/program.js'

// Somebody who stops reading (`issuerkit … | head`) is no reason to fall over and leave things behind.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

process.exitCode = await runCommandLine(process.argv.slice(2))
