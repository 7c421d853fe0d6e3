# The decision service, from the packages as they are published. The root of the file system may be read-only: the journal's
# volume is all that is written.
#
#     docker build -t calybris .
#     docker run --read-only --cap-drop ALL --security-opt no-new-privileges \
#       -p 127.0.0.1:8787:8787 -v calybris:/var/lib/calybris -e CALYBRIS_KEYS='[…]' calybris
#
# A container listens where others reach it, so it takes at least one key: `calybris key create` makes one.
FROM node:24-slim AS build
WORKDIR /build
COPY . .
RUN npm ci --ignore-scripts
RUN npm run build
# Node is in the image: the one that the lockfile brings is optional, and left out.
RUN npm ci --ignore-scripts --omit=dev --omit=optional

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /opt/calybris
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist .
RUN ln -s /opt/calybris/packages/cli/bin/calybris.cjs /usr/local/bin/calybris && install -d -o node -g node -m 700 /var/lib/calybris
USER node
WORKDIR /var/lib/calybris
VOLUME /var/lib/calybris
EXPOSE 8787
ENV CALYBRIS_LISTEN_HOST=0.0.0.0 CALYBRIS_JOURNAL_DIRECTORY=/var/lib/calybris/journal
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["calybris", "health"]
ENTRYPOINT ["calybris"]
CMD ["serve"]
