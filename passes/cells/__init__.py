"""The cells of recurrent layers as dataflow graphs: one file a kind."""
