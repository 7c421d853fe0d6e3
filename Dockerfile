# The decision service. The root of the file system may be read-only: the journal's volume is all that is written.
#
#     docker build -t calybris .
#     docker run --read-only --cap-drop ALL --security-opt no-new-privileges \
#       -p 127.0.0.1:8787:8787 -v calybris:/var/lib/calybris -e CALYBRIS_KEYS='[…]' calybris
#
# A container listens where others reach it, so it takes at least one key: `calybris key create` makes one.
FROM node:24-slim AS dependencies
WORKDIR /opt/calybris
COPY package.json package-lock.json ./
COPY catalogs/package.json catalogs/
COPY datasets/package.json datasets/
COPY packages/audit/package.json packages/audit/
COPY packages/cli/package.json packages/cli/
COPY packages/client/package.json packages/client/
COPY packages/engine/package.json packages/engine/
COPY packages/gateway/package.json packages/gateway/
COPY packages/kernel/package.json packages/kernel/
COPY packages/learning/package.json packages/learning/
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /opt/calybris
COPY --from=dependencies /opt/calybris ./
COPY LICENSE NOTICE package.json ./
COPY catalogs catalogs
COPY datasets datasets
COPY packages packages
RUN install -d -o node -g node -m 700 /var/lib/calybris
USER node
WORKDIR /var/lib/calybris
VOLUME /var/lib/calybris
EXPOSE 8787
ENV CALYBRIS_LISTEN_HOST=0.0.0.0 CALYBRIS_JOURNAL_DIRECTORY=/var/lib/calybris/journal
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["node", "-e", "fetch('http://127.0.0.1:8787/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/opt/calybris/packages/cli/src/main.ts"]
CMD ["serve"]
