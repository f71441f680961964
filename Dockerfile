# The host service, without the embedded database: DATABASE_URL names a PostgreSQL. docs/operating.md says how to run it.
FROM node:22-bookworm-slim AS build
WORKDIR /build
COPY . .
# The lock file decides every version; install scripts run for the listed packages only.
RUN npx --yes pnpm@10.34.9 install --frozen-lockfile --prod=false --no-optional \
 && npm run build \
 && npx --yes pnpm@10.34.9 --filter @issuerkit/host deploy --legacy --prod --no-optional /out

FROM node:22-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /out/package.json ./package.json
COPY --from=build /out/node_modules ./node_modules
COPY --from=build /out/dist ./dist
# The user that the image of Node brings along; the program's files belong to root and cannot be changed by it.
USER 1000:1000
EXPOSE 8400
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "-e", "fetch('http://127.0.0.1:8400/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8400", "--jwks", "/etc/issuerkit/jwks.json", "--issuer", "issuerkit", "--audience", "issuerkit"]
