# Debian, not Alpine: Temporal's native module needs glibc.
FROM node:20-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without the workspace practice/, which the product never needs.
RUN npm ci --omit=dev --ignore-scripts --workspaces=false

FROM node:20-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends chromium-headless-shell fonts-liberation \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production DATA_DIR=/data BROWSER_PATH=/usr/bin/chromium-headless-shell
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json tsconfig.json ./
COPY contracts ./contracts
COPY config ./config
COPY temporal ./temporal
COPY sites ./sites
COPY services ./services
COPY activities ./activities
COPY workflows ./workflows
COPY workers ./workers
COPY manager ./manager
COPY scripts ./scripts
# Workers take no other bundle of workflows in production, and refuse one that is not that of their code.
RUN node --import tsx scripts/build-workflows.ts
RUN mkdir /data && chown node:node /data
USER node
# node itself, so that it gets the signal to drain.
CMD ["node", "--import", "tsx", "workers/worker/main.ts"]
