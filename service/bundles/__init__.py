"""OneRoster bundles: zips or folders of CSV files, as OneRoster 1.2 and 1.1 lay them out."""
