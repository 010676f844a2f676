# The module of the library, as it would be in another version of the package.
tell = &IO.puts("#{&1} " <> Base.encode64(:erlang.term_to_binary(&2)))
[_, source] = System.argv()

Code.compiler_options(ignore_module_conflict: true)

source
|> File.read!()
|> String.replace(~r/@contract \d+/, "@contract 0")
|> Code.compile_string()

tell.("refused", ElixirScope.start_recording(dir: "runs"))
tell.("probes", [:scope_probe.enter(1, 2), :scope_probe.leave(1), :scope_probe.bind(1, 3)])
