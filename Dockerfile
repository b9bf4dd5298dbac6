FROM scratch
COPY target/x86_64-unknown-linux-musl/release/outcrop /outcrop
ENTRYPOINT ["/outcrop"]
