# syntax=docker/dockerfile:1
# Both processes in one small image; dependencies are a layer of their own, built again only when
# Cargo.lock changes.
FROM rust:1.95-bookworm AS chef
RUN cargo install --locked cargo-chef@0.1.78
WORKDIR /src
ENV SQLX_OFFLINE=true

FROM chef AS plan
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS build
COPY --from=plan /src/recipe.json recipe.json
RUN cargo chef cook --release --locked --package api --package worker --recipe-path recipe.json
COPY . .
RUN cargo build --release --locked --package api --package worker

# The linked phone (docker build --target device): an image of its own, since it is AGPL-3.0 (device/README.md).
FROM chef AS build-device
COPY --from=plan /src/recipe.json recipe.json
RUN cargo chef cook --release --locked --package device --recipe-path recipe.json
COPY . .
RUN cargo build --release --locked --package device

FROM gcr.io/distroless/cc-debian12:nonroot AS device
COPY --from=build-device /src/target/release/device /usr/local/bin/
COPY device/README.md /usr/share/doc/device/
USER 65532:65532
EXPOSE 3003
CMD ["device"]

# libc, libgcc and certificates; no shell. Runs as uid 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/api /src/target/release/worker /usr/local/bin/
USER 65532:65532
EXPOSE 3001 3002
CMD ["api", "serve"]
