#!/usr/bin/env bash
# Stands in for `python` in dry-run tests: makes the files that a script of the workflow would write, empty.
script=$(basename "$1"); shift
while [ $# -gt 0 ]; do
  case "$1" in
    --key) key=$2; shift 2 ;;
    --key-out) mkdir -p "$(dirname "$2")"; echo "$key" > "$2"; shift 2 ;;
    --record|--ledger|--sheet|--contact-sheet|--lengths|--out|--networks-out|--state-out|--log|--samples|--film|--animation|--decomposition|--decomposition-animation|--shown|--png|--pdf|--csv|--markdown|--tex|--html|--page)
      if [ "$script" = pack_videos.py ] || [ "$script" = pack_shard.py ]; then
        mkdir -p "$2"; touch "$2/clips.zip" "$2/offsets.npy" "$2/index.json"
      elif [ "$script" = index_shards.py ]; then
        mkdir -p "$2"; touch "$2/shards.json" "$2/index.json"
      elif [ "$script" = render_videos.py ]; then
        mkdir -p "$2"; touch "$2/file"
      elif [ "$script" = write_report.py ]; then
        folder=$(dirname "$2"); mkdir -p "$folder/films" "$folder/figures" "$folder/tables"
        touch "$2" "$folder/provenance.json" "$folder/films/file" "$folder/figures/file" "$folder/tables/file"
      else
        mkdir -p "$(dirname "$2")"; touch "$2"
      fi
      shift 2 ;;
    *) shift ;;
  esac
done
# outputs are there, but Snakemake does not know yet
[ "$script" != "${STYLESV_HANGING_SCRIPT:-}" ] || sleep 600
