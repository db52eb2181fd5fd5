-- When last_value was recorded: the rate of a counter is growth by time, and a row's last sample may be missing or not yet there.
ALTER TABLE ${database}.samples_1m ${on_cluster} ADD COLUMN IF NOT EXISTS last_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)) AFTER last_value;

ALTER TABLE ${database}.samples_1h ${on_cluster} ADD COLUMN IF NOT EXISTS last_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)) AFTER last_value;

ALTER TABLE ${database}.samples_1d ${on_cluster} ADD COLUMN IF NOT EXISTS last_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)) AFTER last_value;
