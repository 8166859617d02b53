"""What differs between runs, which of it can be the cause, and how it looks.

Pure: records in, records and plain plotly JSON out.
"""
