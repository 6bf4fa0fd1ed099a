# Two small images from one build: `vault` and `agent`. Nothing runs as root; state lies in volumes.
FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends cmake && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin rsvault --bin rsvault-agent \
    && install -D -t /out target/release/rsvault target/release/rsvault-agent

FROM debian:bookworm-slim AS base
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tzdata && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 rsvault && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data rsvault \
    && install -d -o rsvault -g rsvault -m 0700 /data /state /restores /secondary

FROM base AS vault
COPY --from=build /out/rsvault /usr/local/bin/rsvault
USER rsvault
ENV RSVAULT_DATA=/data RSVAULT_LISTEN=0.0.0.0:8443
VOLUME /data
EXPOSE 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8443"]
ENTRYPOINT ["rsvault"]
CMD ["serve"]

FROM base AS agent
# psql and pg_basebackup: the agent backs PostgreSQL up by the server's own streaming base backup.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/rsvault-agent /usr/local/bin/rsvault-agent
USER rsvault
ENV RSVAULT_AGENT_STATE=/state
VOLUME ["/state", "/restores"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD ["rsvault-agent", "status"]
ENTRYPOINT ["rsvault-agent"]
CMD ["run"]
