[
  inputs: ["{mix,native,native_build,.formatter}.exs", "{lib,test}/**/*.{ex,exs}"]
]
